"""Segments a folder as a script in Python would: PyTorch (eager, channels last) or ONNX Runtime, one picture after the other.

    peer.py pytorch|onnxruntime --model FOLDER --weights FILE --pictures FOLDER --out FOLDER --threads N

FOLDER of the model has the model.json that Delineo uses, so that all make the same of a picture. The last line is JSON: what ran,
pictures, seconds without start and loading, and the process's memory at its peak in bytes.
"""

import argparse
import json
import pathlib
import resource
import sys
import time

import numpy
from PIL import Image


class PyTorch:
    def __init__(self, weights, threads):
        import torch

        from cmunext import cmunext_s

        torch.set_num_threads(threads)
        self.torch = torch
        self.name = f"PyTorch {torch.__version__.split('+')[0]}"
        network = cmunext_s()
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.network = network.eval().to(memory_format=torch.channels_last)

    def __call__(self, values):
        torch = self.torch
        with torch.inference_mode():
            x = torch.from_numpy(values).to(memory_format=torch.channels_last)
            return self.network(x).numpy()


class OnnxRuntime:
    def __init__(self, weights, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.name = f"ONNX Runtime {onnxruntime.__version__}"
        self.session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    def __call__(self, values):
        return self.session.run(["logits"], {"input": values})[0]


def segment(engine, expected, source, target):
    """One picture to one mask, as model.json (`expected` is its `input`) says."""
    image = Image.open(source).convert("RGB")
    size = (expected["width"], expected["height"])
    resized = image if image.size == size else image.resize(size, Image.Resampling.BOX)
    pixels = numpy.asarray(resized, dtype=numpy.float32)
    if expected["channels"] == "bgr":
        pixels = pixels[:, :, ::-1]
    mean, std = (numpy.array(expected[key], dtype=numpy.float32) for key in ("mean", "std"))
    values = (pixels / 255 - mean) / std / numpy.float32(expected["divisor"])
    logits = engine(numpy.ascontiguousarray(values.transpose(2, 0, 1)[None]))[0, 0]
    probability = 1 / (1 + numpy.exp(-logits))
    if image.size != size:
        probability = numpy.asarray(Image.fromarray(probability).resize(image.size, Image.Resampling.BILINEAR))
    Image.fromarray(numpy.where(probability >= 0.5, 255, 0).astype(numpy.uint8)).save(target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["pytorch", "onnxruntime"])
    for name in ("model", "weights", "pictures", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    expected = json.loads((arguments.model / "model.json").read_text())["input"]
    make = PyTorch if arguments.engine == "pytorch" else OnnxRuntime
    engine = make(str(arguments.weights), arguments.threads)
    pictures = sorted(arguments.pictures.glob("*.png"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    targets = [arguments.out / f"{picture.stem}_mask.png" for picture in pictures]
    # The first picture is slower, as memory is allocated.
    segment(engine, expected, pictures[0], targets[0])
    start = time.perf_counter()
    for picture, target in zip(pictures, targets):
        segment(engine, expected, picture, target)
    seconds = time.perf_counter() - start
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"engine": engine.name, "pictures": len(pictures), "seconds": seconds, "peak_bytes": peak}))


main()
