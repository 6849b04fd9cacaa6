// For builds with the address sanitizer: what libavformat 5.1 leaks itself.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wreserved-identifier"  // the sanitizer's
#endif
extern "C" const char* __lsan_default_suppressions();

// http_open() forgets its copy of the URL where nobody comes to a listener: 23
// bytes. The stack that is kept ends at the function that copies.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:av_strdup\n";
}
