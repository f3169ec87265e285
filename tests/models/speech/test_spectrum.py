import torch

from models.speech.spectrum import BANDS, HOP, LOG_FLOOR, VocoderMel, frames_of, vocoder_bank, with_frames


def test_frames_are_the_samples_over_256_rounded_half_up():
    mel = VocoderMel()
    for samples, frames in {24_000: 94, 24_064: 94, 24_063: 94, 23_936: 94, 23_935: 93, 127: 0, 128: 1, 700: 3}.items():
        assert frames_of(samples) == frames
        assert mel(torch.randn(2, samples)).shape == (2, frames, BANDS)


def test_magnitudes_are_not_squared_so_that_twice_the_amplitude_adds_the_log_of_two():
    sound, mel = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0)), VocoderMel()
    assert torch.allclose(mel(2 * sound) - mel(sound), torch.full((1, 16, BANDS), 2.0).log(), atol=1e-4)


def test_a_frame_is_the_filtered_window_centred_on_it():
    sound, mel = torch.randn(1, 4096, generator=torch.Generator().manual_seed(1)), VocoderMel()
    frame = 7
    window = sound[0, frame * HOP - 512 : frame * HOP + 512] * torch.hann_window(1024)
    expected = (vocoder_bank() @ torch.fft.rfft(window).abs()).clamp(min=LOG_FLOOR).log()
    assert torch.allclose(mel(sound)[0, frame], expected, atol=1e-4)


def test_silence_rests_on_the_floor_and_passes_back_no_undefined_gradient():
    sound = torch.zeros(1, 2048, requires_grad=True)
    mel = VocoderMel()(sound)
    mel.sum().backward()
    assert torch.allclose(mel, torch.tensor(LOG_FLOOR).log().expand_as(mel))
    assert torch.isfinite(sound.grad).all()


def test_missing_frames_repeat_the_last_one():
    mel = torch.arange(6.0).reshape(1, 3, 2)
    assert with_frames(mel, 5)[0, :, 0].tolist() == [0, 2, 4, 4, 4]
    assert with_frames(mel, 2)[0, :, 0].tolist() == [0, 2]
