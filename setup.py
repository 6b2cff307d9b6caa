from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'muster'


def share(*folders: str) -> list[tuple[str, list[str]]]:
    """data_files entries that mirror whole folders under share/muster."""
    return [
        (f'share/{PACKAGE}/{path.parent}', [str(path)])
        for folder in folders
        for path in sorted(Path(folder).rglob('*'))
        if path.is_file() and '__pycache__' not in path.parts
    ]


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Coordination for teams of humanoid robots, with no server',
    license='Apache-2.0',
    package_dir={'': 'src'},
    packages=find_packages('src'),
    package_data={'muster': ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        *share('launch', 'config'),
    ],
    python_requires='>=3.10',
    install_requires=[
        'setuptools',
        'click',
        'google-crc32c',
        'matplotlib',
        'msgspec',
        'numpy',
        'psutil',
        'pydantic>=2',
        'pyyaml',
        'rich',
        'scipy',
    ],
    extras_require={'test': ['pytest', 'hypothesis', 'networkx']},
    zip_safe=True,
    entry_points={
        'console_scripts': [
            'muster = muster.cli.main:main',
            'muster_robot = muster.ros.robot_process:main',
        ],
    },
)
