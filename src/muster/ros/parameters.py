"""Parameters declared with description and range; rclpy refuses what lies outside."""

from __future__ import annotations

from dataclasses import dataclass

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

from muster.core.types import ConfigurationError


@dataclass(frozen=True)
class Number:
    """A parameter in physical units."""

    name: str
    default: float
    least: float
    most: float
    description: str
    """Unit first."""


@dataclass(frozen=True)
class Switch:
    """A parameter that is on or off; fixed once the node has started."""

    name: str
    default: bool
    description: str


AUTOSTART = Switch('autostart', True, 'Configure and activate the node as soon as it is made.')


def declare(node: Node, *parameters: Number | Switch) -> None:
    """Declare parameters.

    Raises
    ------
    ConfigurationError
        a value given at the start is of the wrong type or out of range.
    """
    for one in parameters:
        if isinstance(one, Switch):
            descriptor = ParameterDescriptor(description=one.description, read_only=True)
        else:
            limits = FloatingPointRange(from_value=one.least, to_value=one.most)
            descriptor = ParameterDescriptor(
                description=one.description, floating_point_range=[limits]
            )
        try:
            node.declare_parameter(one.name, one.default, descriptor)
        except ParameterException as error:
            raise ConfigurationError(
                f'{node.get_fully_qualified_name()}: parameter {one.name}: {error}'
            ) from error


def number(node: Node, parameter: Number) -> float:
    """Its present value."""
    return float(node.get_parameter(parameter.name).value)


def switch(node: Node, parameter: Switch) -> bool:
    return bool(node.get_parameter(parameter.name).value)
