# hlsrec_layer(name SOURCES ... DEPENDS ...): one folder of src as an object
# library. The library is made of all of them; a test links just those it needs.
add_library(hlsrec_options INTERFACE)
target_compile_features(hlsrec_options INTERFACE cxx_std_20)
target_include_directories(hlsrec_options INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(hlsrec_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wreserved-identifier>
  # gcc 12 takes the growth of strings and vectors for overflow when it
  # optimises (gcc bugs 105329, 105651, 107852); 13 does not.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-restrict>
  $<$<BOOL:${HLSREC_WERROR}>:-Werror>)
if(HLSREC_SANITIZE STREQUAL "address")
  target_compile_options(hlsrec_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all
    # To look at an object clang's asks the kernel for a pipe, and takes it for
    # broken where a test has no descriptor to spare.
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=vptr>
    -fno-omit-frame-pointer)
  target_link_options(hlsrec_options INTERFACE -fsanitize=address,undefined)
elseif(HLSREC_SANITIZE STREQUAL "thread")
  target_compile_options(hlsrec_options INTERFACE -fsanitize=thread)
  target_compile_definitions(hlsrec_options INTERFACE HLSREC_STD_MUTEX)
  target_link_options(hlsrec_options INTERFACE -fsanitize=thread)
elseif(NOT HLSREC_SANITIZE STREQUAL "")
  message(FATAL_ERROR "HLSREC_SANITIZE: ${HLSREC_SANITIZE}: "
                      "must be address, thread or empty")
endif()
if(HLSREC_BUILD_FUZZERS)
  target_compile_options(hlsrec_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all)
  target_link_options(hlsrec_options INTERFACE -fsanitize=address,undefined)
endif()

set_property(GLOBAL PROPERTY HLSREC_LAYERS "")

function(hlsrec_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(hlsrec_${name} OBJECT ${ARG_SOURCES})
  set_target_properties(hlsrec_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(hlsrec_${name} PRIVATE hlsrec_options ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY HLSREC_LAYERS ${name})
  set_property(GLOBAL PROPERTY HLSREC_DEPENDS_${name} "${ARG_DEPENDS}")
endfunction()

# hlsrec_test(name SOURCES ... LAYERS ...): a Catch2 program over the objects of
# the named layers; every TEST_CASE is a test of its own.
function(hlsrec_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS;DEPENDS;PROPERTIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE
    hlsrec_options hlsrec_test_support hlsrec_test_main ${ARG_DEPENDS})
  # They take longer to compile than to run; what they test is optimised.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  foreach(layer IN LISTS ARG_LAYERS)
    get_property(depends GLOBAL PROPERTY HLSREC_DEPENDS_${layer})
    target_link_libraries(${name} PRIVATE hlsrec_${layer} ${depends})
  endforeach()
  catch_discover_tests(${name} PROPERTIES TIMEOUT 300 ${ARG_PROPERTIES})
endfunction()
