#ifndef HLSREC_TESTS_CATCH_H_
#define HLSREC_TESTS_CATCH_H_

// The one place that names Catch2's header: version 3 moves it.
#include <catch2/catch.hpp>

#endif  // HLSREC_TESTS_CATCH_H_
