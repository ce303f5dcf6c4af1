"""Hours and gigabytes for the whole of NIH ChestX-ray14, computed from measured rates.

    python benchmarks/plan.py --decode 9.3 --trunk 73.6 --tail 39.5

Takes what the other benchmarks measured on two cores and prints the table of docs/scaling.md.
"""

import argparse

TRAIN, VALIDATION, TEST = 69_219, 17_305, 25_596  # nih14: NIH's official split, a fifth of it for validation
EPOCHS, BATCH = 20, 16
VIEW_BYTES, PIXEL_BYTES = 7 * 7 * 512 * 2, 224 * 224
# What is assumed of other machines: 16 such cores do not quite work eight times as fast as two, and a GPU
# runs the trunk at 3,000 and a training step of the tail at 6,000 images a second, as an A10 about does.
CORES_16 = 6.5
GPU_TRUNK, GPU_TAIL = 3000.0, 6000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--decode", type=float, required=True, help="ms an image a core, PNG of 1024 px to 224 px"
    )
    parser.add_argument("--trunk", type=float, required=True, help="images a second, building a bank")
    parser.add_argument("--tail", type=float, required=True, help="ms a training step of 16")
    options = parser.parse_args()
    images = TRAIN + VALIDATION + TEST
    pack = images * options.decode / 1000 / 2
    tail = BATCH / options.tail * 1000
    # Validation runs forward only: a third of a training step.
    epochs = EPOCHS * (TRAIN + VALIDATION / 3) / tail
    gpu_epochs = EPOCHS * (TRAIN + VALIDATION / 3) / GPU_TAIL
    print("| views | bank | two cores | 16 cores (estimate) | one GPU, 16 cores (estimate) |")
    print("|---:|---:|---:|---:|---:|")
    for views in (1, 2, 4, 8):
        seen = TRAIN * views + VALIDATION
        bank = seen / options.trunk
        slow = pack + bank + epochs
        fast = slow / CORES_16
        gpu = pack / CORES_16 + seen / GPU_TRUNK + gpu_epochs
        steps = f"{hours(pack)} + {hours(bank)} + {hours(epochs)} = {hours(slow)}"
        print(f"| {views} | {seen * VIEW_BYTES / 1e9:.1f} GB | {steps} | {hours(fast)} | {hours(gpu)} |")
    print(f"\nThe pack takes {images * PIXEL_BYTES / 1e9:.1f} GB.")


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
