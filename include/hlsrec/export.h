#ifndef HLSREC_EXPORT_H_
#define HLSREC_EXPORT_H_

// Marks what the shared library exports; everything else is hidden.
#if defined(__GNUC__) || defined(__clang__)
#define HLSREC_EXPORT [[gnu::visibility("default")]]
#else
#define HLSREC_EXPORT
#endif

#endif  // HLSREC_EXPORT_H_
