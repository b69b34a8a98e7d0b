from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReadRequest(_message.Message):
    __slots__ = ("after", "batch_size", "limit", "partition", "of", "follows_types")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_TYPES_FIELD_NUMBER: _ClassVar[int]
    after: int
    batch_size: int
    limit: int
    partition: int
    of: int
    follows_types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, after: _Optional[int] = ..., batch_size: _Optional[int] = ..., limit: _Optional[int] = ..., partition: _Optional[int] = ..., of: _Optional[int] = ..., follows_types: _Optional[_Iterable[str]] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("previous", "events", "upto", "newest")
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    UPTO_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIELD_NUMBER: _ClassVar[int]
    previous: int
    events: _containers.RepeatedCompositeFieldContainer[Recorded]
    upto: int
    newest: int
    def __init__(self, previous: _Optional[int] = ..., events: _Optional[_Iterable[_Union[Recorded, _Mapping]]] = ..., upto: _Optional[int] = ..., newest: _Optional[int] = ...) -> None: ...

class Recorded(_message.Message):
    __slots__ = ("position", "id", "type", "schema_version", "aggregate_type", "aggregate_id", "aggregate_version", "payload", "metadata", "recorded_at", "follows")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_ID_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    position: int
    id: str
    type: str
    schema_version: int
    aggregate_type: str
    aggregate_id: str
    aggregate_version: int
    payload: bytes
    metadata: bytes
    recorded_at: str
    follows: int
    def __init__(self, position: _Optional[int] = ..., id: _Optional[str] = ..., type: _Optional[str] = ..., schema_version: _Optional[int] = ..., aggregate_type: _Optional[str] = ..., aggregate_id: _Optional[str] = ..., aggregate_version: _Optional[int] = ..., payload: _Optional[bytes] = ..., metadata: _Optional[bytes] = ..., recorded_at: _Optional[str] = ..., follows: _Optional[int] = ...) -> None: ...

class Places(_message.Message):
    __slots__ = ("places",)
    PLACES_FIELD_NUMBER: _ClassVar[int]
    places: _containers.RepeatedCompositeFieldContainer[Place]
    def __init__(self, places: _Optional[_Iterable[_Union[Place, _Mapping]]] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("consumer", "position", "parked")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PARKED_FIELD_NUMBER: _ClassVar[int]
    consumer: str
    position: int
    parked: int
    def __init__(self, consumer: _Optional[str] = ..., position: _Optional[int] = ..., parked: _Optional[int] = ...) -> None: ...

class Told(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
