# For the README's program and for hlsrec/ffmpeg.h, as their users write it.
cmake_minimum_required(VERSION 3.25)
project(readme LANGUAGES CXX)

find_package(hlsrec REQUIRED COMPONENTS ffmpeg)
add_executable(readme main.cpp)
target_link_libraries(readme PRIVATE hlsrec::hlsrec)
add_executable(ffmpeg_header ffmpeg_header.cpp)
target_link_libraries(ffmpeg_header PRIVATE hlsrec::ffmpeg)
