"""python cohort_ray.py IMAGES OUT MODEL PARTS: the parts of a cohort as tasks of a Ray cluster that shares a file system.

A part whose node dies is started again and goes on where it was.
"""

import pathlib
import subprocess
import sys

import ray

images, out, model, parts = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])


@ray.remote(num_cpus=1, max_retries=5)
def segment(part: int) -> int:
    command = ["delineo", "segment", images, "--out", str(out), "--model", model, "--device", "cpu", "--resume"]
    command += ["--shard", f"{part}/{parts}", "--summary", str(out / "tables" / f"{part}.csv")]
    return subprocess.run(command, check=False).returncode


(out / "tables").mkdir(parents=True, exist_ok=True)
ray.init()
codes = ray.get([segment.remote(part) for part in range(parts)])
sys.exit(max(codes))
