"""Snapshots as ROS messages. Everything is in the `map` frame: simulated robots are localised."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseArray, Quaternion, Vector3
from muster_msgs.msg import SensedObject, SensedObjects
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, Imu, JointState
from std_msgs.msg import Header

from muster_sim.simulation_setup import Setup
from muster_sim.snapshot import Snapshot

MAP = 'map'


def stamp(time_s: float) -> Time:
    """Simulated seconds as a ROS time."""
    nanoseconds = round(time_s * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def odometry(state: Snapshot, robot: int, name: str) -> Odometry:
    """The pose in the map, the velocity in base_link (REP-105)."""
    message = Odometry(header=Header(stamp=stamp(state.time_s), frame_id=MAP))
    message.child_frame_id = f'{name}/base_link'
    message.pose.pose.position = Point(**_xyz(state.position[robot]))
    message.pose.pose.orientation = _quaternion(state.orientation[robot])
    message.twist.twist.linear = Vector3(**_xyz(state.velocity[robot]))
    message.twist.twist.angular = Vector3(**_xyz(state.rotation_rate[robot]))
    return message


def joint_state(state: Snapshot, robot: int, joint_names: tuple[str, ...]) -> JointState:
    """Angles [rad], speeds [rad/s] and torques [N m]."""
    return JointState(
        header=Header(stamp=stamp(state.time_s)),
        name=joint_names,
        position=state.angles[robot],
        velocity=state.speeds[robot],
        effort=state.torque[robot],
    )


def imu(state: Snapshot, robot: int, name: str) -> Imu:
    """In the base link. The acceleration includes gravity, as an accelerometer's does."""
    return Imu(
        header=Header(stamp=stamp(state.time_s), frame_id=f'{name}/base_link'),
        orientation=_quaternion(state.orientation[robot]),
        angular_velocity=Vector3(**_xyz(state.rotation_rate[robot])),
        linear_acceleration=Vector3(**_xyz(state.acceleration[robot])),
    )


def battery(state: Snapshot, robot: int, setup: Setup) -> BatteryState:
    """State of charge, and the current drawn."""
    volts = setup.power.nominal_v
    capacity_ah = setup.battery_j / 3600.0 / volts
    charge = float(state.charge[robot])
    return BatteryState(
        header=Header(stamp=stamp(state.time_s)),
        voltage=volts if charge > 0.0 else 0.0,
        temperature=math.nan,
        current=-float(state.power[robot]) / volts,
        charge=charge * capacity_ah,
        capacity=capacity_ah,
        design_capacity=capacity_ah,
        percentage=charge,
        power_supply_status=BatteryState.POWER_SUPPLY_STATUS_DISCHARGING,
        power_supply_technology=BatteryState.POWER_SUPPLY_TECHNOLOGY_LION,
        present=True,
    )


def neighbours(state: Snapshot, robot: int, range_m: float) -> PoseArray:
    """Everybody else within range: one pose for who stands, three along the body of who lies."""
    here = state.pose(robot)
    poses = [
        Pose(position=Point(x=point.x, y=point.y), orientation=_heading(point.yaw))
        for other in range(len(state.position))
        if other != robot
        for point in state.outline(other)
        if math.hypot(point.x - here.x, point.y - here.y) <= range_m
    ]
    return PoseArray(header=Header(stamp=stamp(state.time_s), frame_id=MAP), poses=poses)


def objects(state: Snapshot, names: tuple[str, ...]) -> SensedObjects:
    """All parcels: the simulated perception is perfect."""
    places = zip(names, state.parcel_position, state.parcel_orientation, strict=True)
    return SensedObjects(
        stamp=stamp(state.time_s),
        objects=[
            SensedObject(name=name, x=float(at[0]), y=float(at[1]), yaw=_yaw(*turn.tolist()))
            for name, at, turn in places
        ],
    )


def _xyz(vector: object) -> dict[str, float]:
    x, y, z = vector.tolist()  # type: ignore[attr-defined]
    return {'x': x, 'y': y, 'z': z}


def _quaternion(quaternion: object) -> Quaternion:
    x, y, z, w = quaternion.tolist()  # type: ignore[attr-defined]
    return Quaternion(x=x, y=y, z=z, w=w)


def _heading(yaw: float) -> Quaternion:
    return Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))


def _yaw(x: float, y: float, z: float, w: float) -> float:
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
