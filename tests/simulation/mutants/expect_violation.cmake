# Runs a simulation that must see a promise broken: cmake -DPROGRAM=...
# -DFIRST=... -DSCHEDULES=... -P expect_violation.cmake. A crash does not count.
execute_process(
  COMMAND ${PROGRAM} --first ${FIRST} --schedules ${SCHEDULES}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
message("${output}")
if(NOT result STREQUAL "3")
  message(FATAL_ERROR "the mistake was not seen: ${result}")
endif()
