"""What every process of one training must hold alike: clocks and stop files differ, and who stops a step sooner leaves the others waiting for ever.

Enter a process' own value; leaves the first process' one, for all. Every process must ask, and in the same order.
"""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast


def agreed(accelerator: Accelerator, value: float) -> float:
    """A number, or a truth as 0 and 1, as the first process has it."""
    if accelerator.num_processes == 1:
        return float(value)
    return float(broadcast(torch.tensor([value], dtype=torch.float32, device=accelerator.device), 0))
