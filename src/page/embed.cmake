# cmake -DFILES=a|b -DOUTPUT=assets.cc -P embed.cmake: each file, as gzip, in a
# table that src/page/assets.h declares.
string(REPLACE "|" ";" FILES "${FILES}")
set(arrays "")
set(table "")
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(REPLACE "hls.min.js" "hls.js" name ${name})
  file(ARCHIVE_CREATE OUTPUT ${OUTPUT}.gz PATHS ${file} FORMAT raw
    COMPRESSION GZip COMPRESSION_LEVEL 9 MTIME 0)
  file(READ ${OUTPUT}.gz bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays
    "constexpr unsigned char kBytes${number}[] = {${bytes}};\n")
  string(APPEND table
    "    {\"${name}\", {kBytes${number}, sizeof(kBytes${number})}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(REMOVE ${OUTPUT}.gz)
file(WRITE ${OUTPUT} "#include \"src/page/assets.h\"\n
namespace hlsrec::page {
namespace {

${arrays}
constexpr Asset kAssets[] = {
${table}};

}  // namespace

std::span<const Asset> Assets() { return kAssets; }

}  // namespace hlsrec::page
")
