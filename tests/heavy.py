"""Modules that neither `import cxrtune` nor a command's help may import."""

# What takes long to import and must not be waited for by somebody who asks for help.
HEAVY = (
    "torch",
    "torchvision",
    "torchxrayvision",
    "lightning",
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "matplotlib",
    "cv2",
    "PIL",
    "pyarrow",
    "fastapi",
    "uvicorn",
    "pydicom",
    "pynetdicom",
    "highdicom",
    "requests",
)
