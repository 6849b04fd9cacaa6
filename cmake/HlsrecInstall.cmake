# What `cmake --install` gives: headers, library, find_package and pkg-config
# files, and (with the tools) the command, its manual page and completions.
option(HLSREC_INSTALL "Make install rules" ${PROJECT_IS_TOP_LEVEL})
if(NOT HLSREC_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hlsrec)

install(TARGETS hlsrec EXPORT hlsrecTargets)
install(EXPORT hlsrecTargets NAMESPACE hlsrec:: DESTINATION ${config_dir})
# In a file of its own: only who uses it needs libav's headers.
install(TARGETS hlsrec_ffmpeg EXPORT hlsrecFfmpegTargets)
install(EXPORT hlsrecFfmpegTargets NAMESPACE hlsrec::
  DESTINATION ${config_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hlsrec
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# A static library hands on what it is made of; a shared one knows it itself.
set(HLSREC_FIND "")     # packages for find_dependency
set(HLSREC_MODULES "")  # modules for pkg-config
if(NOT BUILD_SHARED_LIBS)
  get_property(layers GLOBAL PROPERTY HLSREC_LAYERS)
  set(depends "")
  foreach(layer IN LISTS layers)
    get_property(more GLOBAL PROPERTY HLSREC_DEPENDS_${layer})
    list(APPEND depends ${more})
  endforeach()
  list(REMOVE_DUPLICATES depends)
  foreach(depend IN LISTS depends)
    if(depend MATCHES "^absl::(.*)")
      list(APPEND HLSREC_FIND absl)
      list(APPEND HLSREC_MODULES absl_${CMAKE_MATCH_1})
    elseif(depend STREQUAL "fmt::fmt")
      list(APPEND HLSREC_FIND fmt)
      list(APPEND HLSREC_MODULES fmt)
    elseif(depend STREQUAL "CURL::libcurl")
      list(APPEND HLSREC_FIND CURL)
      list(APPEND HLSREC_MODULES libcurl)
    elseif(depend STREQUAL "OpenSSL::Crypto")
      list(APPEND HLSREC_FIND OpenSSL)
      list(APPEND HLSREC_MODULES libcrypto)
    elseif(depend STREQUAL "SQLite::SQLite3")
      list(APPEND HLSREC_FIND SQLite3)
      list(APPEND HLSREC_MODULES sqlite3)
    elseif(depend STREQUAL "pugixml::pugixml")
      list(APPEND HLSREC_FIND pugixml)
      list(APPEND HLSREC_MODULES pugixml)
    elseif(depend STREQUAL "ZLIB::ZLIB")
      list(APPEND HLSREC_FIND ZLIB)
      list(APPEND HLSREC_MODULES zlib)
    elseif(depend STREQUAL "Threads::Threads")
      list(APPEND HLSREC_FIND Threads)
    elseif(depend MATCHES "^\\$<BUILD_INTERFACE:")
      # Headers that only our own sources include.
    elseif(depend STREQUAL "PkgConfig::LIBAV")
      list(APPEND HLSREC_MODULES libavformat libavcodec libavutil)
    elseif(depend STREQUAL "PkgConfig::MICROHTTPD")
      list(APPEND HLSREC_MODULES libmicrohttpd)
    else()
      message(FATAL_ERROR "install: ${depend}: how does a static library's "
                          "user find it? Say so in HlsrecInstall.cmake")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES HLSREC_FIND)
  list(JOIN HLSREC_MODULES " " HLSREC_MODULES)
endif()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/hlsrecConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/hlsrecConfig.cmake
  INSTALL_DESTINATION ${config_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/cmake/hlsrecConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/cmake/hlsrecConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/hlsrecConfigVersion.cmake
  DESTINATION ${config_dir})

# Public requirements even though only a static library has them: `pkg-config
# --static` would ask for the static libraries of all that libav is made of.
set(HLSREC_PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  set(HLSREC_PC_LIBS " -pthread")
endif()
# From the .pc file's own place, so that the prefix can be moved.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH HLSREC_PC_PREFIX ${pc_dir} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" HLSREC_PC_PREFIX "${HLSREC_PC_PREFIX}")
foreach(name hlsrec hlsrec-ffmpeg)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in
    ${PROJECT_BINARY_DIR}/cmake/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/cmake/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

if(HLSREC_BUILD_TOOLS)
  file(RELATIVE_PATH to_library
    ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  if(BUILD_SHARED_LIBS)
    set_target_properties(hlsrec_cli PROPERTIES
      INSTALL_RPATH "$ORIGIN/${to_library}")
  endif()
  install(TARGETS hlsrec_cli)
  set(docs ${PROJECT_BINARY_DIR}/tools/hlsrec/docs)
  install(FILES ${docs}/hlsrec.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${docs}/hlsrec.bash RENAME hlsrec
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${docs}/_hlsrec
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${docs}/hlsrec.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
