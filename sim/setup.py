from setuptools import find_packages, setup

PACKAGE = 'muster_sim'

setup(
    name=PACKAGE,
    version='0.1.0',
    description='Simulated humanoids and their skills for muster, in PyBullet',
    license='Apache-2.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
    ],
    python_requires='>=3.10',
    install_requires=[
        'setuptools',
        'muster',
        'click',
        'networkx',
        'numpy',
        'onnxruntime',
        'scipy',
    ],
    # For the world alone: a robot that only runs the skills needs no PyBullet.
    extras_require={'physics': ['pybullet'], 'test': ['pytest']},
    zip_safe=True,
    entry_points={
        'console_scripts': ['muster_sim = muster_sim.main:main'],
        'muster.skills': [
            'go_to = muster_sim.skills.go_to:GoTo',
            'inspect = muster_sim.skills.inspect:Inspect',
            'carry_parcel = muster_sim.skills.carry_parcel:CarryParcel',
            'charge = muster_sim.skills.charge:Charge',
        ],
    },
)
