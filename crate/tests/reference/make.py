"""Writes the reference vector in this folder; README.md says what it needs and how it is run."""

import pathlib
import sys

import numpy
import torch
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).parent
WEIGHTS = HERE / "../../recipes/bootstrap-s/weights.safetensors"
HEIGHT, WIDTH = 64, 96

sys.path.insert(0, sys.argv[1])
from network.CMUNeXt import cmunext_s  # noqa: E402

# A dark disc on a smooth field, and noise, about as large as normalised images. Rounded, so that the file holds exactly
# the numbers from which the logits were computed.
torch.manual_seed(1)
field = torch.nn.functional.interpolate(torch.randn(1, 3, 5, 7), (HEIGHT, WIDTH), mode="bicubic")
y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
disc = ((y - 30) ** 2 + (x - 40) ** 2 < 20**2).float()
image = (0.4 * field + 1.0 - 2.5 * disc + 0.1 * torch.randn(1, 3, HEIGHT, WIDTH)).half().float()

network = cmunext_s().eval().double()
tensors = {name: tensor.double() for name, tensor in load_file(WEIGHTS).items()}
missing, unknown = network.load_state_dict(tensors, strict=False)
assert not unknown and all(name.endswith(".num_batches_tracked") for name in missing)
with torch.no_grad():
    logits = network(image.double())
    single = network.float()(image).double()

spread = logits.max() - logits.min()
print(f"logits from {logits.min():.3f} to {logits.max():.3f}, {(logits > 0).double().mean():.3f} of them above 0")
print(f"PyTorch's float32 answer is {(single - logits).abs().max() / spread:.1e} of that range away")
numpy.save(HERE / "bootstrap_s_64x96_input.npy", image.numpy())
numpy.save(HERE / "bootstrap_s_64x96_logits.npy", logits.float().numpy())
