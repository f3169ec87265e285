import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint import BadWeights
from models.speech.voiceprint import BANDS, Voiceprint, open_voiceprint, slaney_bank, window_starts


def test_the_filters_are_those_of_the_published_encoder():
    librosa = pytest.importorskip("librosa")
    assert np.allclose(slaney_bank().numpy(), librosa.filters.mel(sr=16_000, n_fft=400, n_mels=BANDS), atol=1e-7)


def test_the_spectrum_is_the_published_one():
    librosa = pytest.importorskip("librosa")
    samples = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    peer = librosa.feature.melspectrogram(y=samples, sr=16_000, n_fft=400, hop_length=160, n_mels=BANDS).T
    assert np.allclose(Voiceprint().mel(torch.from_numpy(samples)).numpy(), peer, rtol=1e-3, atol=1e-4)


def test_windows_overlap_and_the_last_one_counts_only_when_it_is_mostly_full():
    assert window_starts(16_000) == [0]
    assert window_starts(48_000) == [0, 77, 154]
    assert window_starts(43_000) == [0, 77]


def test_a_voice_is_a_unit_vector_that_loudness_of_soft_speech_does_not_change():
    torch.manual_seed(0)
    net, samples = Voiceprint().eval(), 0.01 * torch.randn(40_000)
    one, other = net.embed(samples), net.embed(samples * 0.3)
    assert one.shape == (256,) and float(one.norm()) == pytest.approx(1.0, abs=1e-5) and (one >= 0).all()
    assert torch.allclose(one, other, atol=1e-5)


def test_a_silent_reference_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="silent"):
        Voiceprint().embed(torch.zeros(20_000))


def test_weights_of_the_published_form_are_read_and_others_named(tmp_path):
    torch.manual_seed(1)
    net = Voiceprint().eval()
    tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
    save_file(tensors | {"similarity_weight": torch.ones(1)}, tmp_path / "one.safetensors")
    torch.save({"step": 3, "model_state": tensors}, tmp_path / "two.pt")
    sound = torch.randn(30_000)
    for name in ("one.safetensors", "two.pt"):
        assert torch.equal(open_voiceprint(tmp_path / name).embed(sound), net.embed(sound))
    save_file({key: value for key, value in tensors.items() if key != "linear.weight"}, tmp_path / "three.safetensors")
    with pytest.raises(BadWeights, match="linear.weight"):
        open_voiceprint(tmp_path / "three.safetensors")
