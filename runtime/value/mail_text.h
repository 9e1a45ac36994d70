// Mail addresses in arguments: the domain that mail to one goes to, where every mail system agrees
// on it.
#ifndef RUNTIME_VALUE_MAIL_TEXT_H_
#define RUNTIME_VALUE_MAIL_TEXT_H_

#include <optional>
#include <string_view>

namespace policy {

inline constexpr std::size_t kAddressBytesMax = 254;
inline constexpr std::size_t kLocalPartBytesMax = 64;

// What stands behind the @ of `address`, as it is written (letter case means nothing in it).
//
// Known: exactly one `local@domain` and not a byte beside it. `local` is 1 to 64 bytes of ASCII
// letters, digits and `_ + - = ' &`, in runs with single dots between them, not with a `-` in
// front. `domain` is two or more labels of 1 to 63 letters, digits and inner hyphens, at most 253
// bytes, the last beginning with a letter. Both together at most 254 bytes.
//
// nullopt, for some system reads another recipient: a list (`,` `;` `:`), a display name, `< >`,
// quotes, comments, white space, control characters and line ends, anything beyond ASCII, no `@` or
// two, empty labels, a dot at the end, address literals and plain addresses (`[192.0.2.1]`,
// 192.0.2.1), a domain without a dot (relays complete it), routes and other systems' addresses in
// the local part (`%`, `!`, `/`, `#EXT#`), encoded words (`=?`), options of mail programs (`-oQ…`),
// bytes that shells and mail programs expand (`$ | * ~ ^ { } ?` and the back-quote).
std::optional<std::string_view> MailDomain(std::string_view address);

}  // namespace policy

#endif  // RUNTIME_VALUE_MAIL_TEXT_H_
