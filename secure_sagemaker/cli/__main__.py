"""``python -m secure_sagemaker.cli``, where the script is not on the path."""

from secure_sagemaker.cli import main

if __name__ == "__main__":
    main()
