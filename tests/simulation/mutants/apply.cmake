# Writes a source file with one mistake in it.
#   cmake -DMUTANT=... -DSOURCE_ROOT=... -DOUTPUT=... -P apply.cmake
# A mutant's file: the source's path in its first line, and the schedule to
# begin with where it is rare (`PATH from N`); then, between lines of
# `----`, the exact text and what stands there instead.
file(READ ${MUTANT} text)
if(NOT text MATCHES "^([^ \n]+)[^\n]*\n----\n(.*)\n----\n(.*)\n----\n$")
  message(FATAL_ERROR "${MUTANT}: can't be read")
endif()
set(source ${CMAKE_MATCH_1})
set(original "${CMAKE_MATCH_2}")
set(replacement "${CMAKE_MATCH_3}")
file(READ ${SOURCE_ROOT}/${source} code)
string(FIND "${code}" "${original}" first)
string(FIND "${code}" "${original}" last REVERSE)
if(first EQUAL -1)
  message(FATAL_ERROR "${MUTANT}: its text is not in ${source} any more")
endif()
if(NOT first EQUAL last)
  message(FATAL_ERROR "${MUTANT}: its text is in ${source} more than once")
endif()
string(LENGTH "${original}" length)
math(EXPR rest "${first} + ${length}")
string(SUBSTRING "${code}" 0 ${first} before)
string(SUBSTRING "${code}" ${rest} -1 after)
file(WRITE ${OUTPUT} "${before}${replacement}${after}")
