// Strings and members of JSON in place, as Values.
#ifndef RUNTIME_VALUE_JSON_MEMBER_H_
#define RUNTIME_VALUE_JSON_MEMBER_H_

#include <string_view>

#include "runtime/value/text_room.h"
#include "runtime/value/value.h"

namespace policy {

// `raw` is a raw JSON string with its quotes. Broken when it has escapes and there is no room.
Value ReadJsonString(std::string_view raw, TextRoom& room);

// The member of `record` with the name `name`, as the reader of calls fills paths.
// Absent where the record is absent, or has no such key; Broken where it is anything but a record
// (null counts), where it has no such key but one that differs by letter case only, which lenient
// servers take for it, and where there is no room.
Value FindMember(const Value& record, std::string_view name, TextRoom& room);

}  // namespace policy

#endif  // RUNTIME_VALUE_JSON_MEMBER_H_
