#ifndef HLSREC_SRC_BASE_PROCESS_H_
#define HLSREC_SRC_BASE_PROCESS_H_

#include <string>
#include <string_view>

namespace hlsrec {

// Names this start of the machine; empty where the system does not tell.
std::string BootId();

// "<where>-<pid>": this process, and where its number means it: this boot of
// this machine, and its namespace of processes.
std::string ProcessTag();

// That process has ended. False where that can't be told from here.
bool HasEnded(std::string_view process_tag);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_PROCESS_H_
