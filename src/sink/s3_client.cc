#include "src/sink/s3_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "src/base/status_util.h"
#include "src/sink/s3_error.h"

namespace hlsrec::sink {
namespace {

// Stores refuse what was signed a quarter of an hour from their own time.
constexpr std::chrono::minutes kMaxSkew{14};

bool IsIn(std::string_view code,
          std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::shared_ptr<const net::ConnectionOptions> ConnectionOf(
    const S3SinkOptions& options) {
  return std::make_shared<const net::ConnectionOptions>(net::ConnectionOptions{
      .ca_file = options.ca_file,
      .proxy = options.proxy,
      .connect_timeout = options.connect_timeout,
      .low_speed_bytes_per_second = options.stall_bytes_per_second,
      .low_speed_time = options.stall_timeout});
}

// Some errors come as 200: the store began to answer before it was through.
bool HidesError(const S3Request& request,
                const net::TransferResponse& response) {
  return request.method != "GET" && !response.body.empty();
}

}  // namespace

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  // RFC 9110: all senders write this one form.
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    const char* begin = text.data() + at;
    const auto [stop, error] = std::from_chars(begin, begin + digits, value);
    return error == std::errc() && stop == begin + digits ? value : -1;
  };
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const std::array<int, 5> parts = {number(12, 4), number(5, 2), number(17, 2),
                                    number(20, 2), number(23, 2)};
  if (month == std::string_view::npos || month % 3 != 0 ||
      *std::min_element(parts.begin(), parts.end()) < 0) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year{parts[0]},
      std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
      std::chrono::day{static_cast<unsigned>(parts[1])}};
  if (!day.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(day)) + std::chrono::hours(parts[2]) +
         std::chrono::minutes(parts[3]) + std::chrono::seconds(parts[4]);
}

S3Client::S3Client(const Clock& clock, std::weak_ptr<net::Transport> transport,
                   const S3SinkOptions& options)
    : clock_(clock),
      transport_(std::move(transport)),
      options_(options),
      credentials_(
          std::make_shared<net::CredentialsCache>(clock, options.credentials)),
      connection_(ConnectionOf(options)),
      region_(options.region.empty() ? kUsualRegion : options.region) {}

void S3Client::Send(S3Request request, Done done) {
  const auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  Try(exchange);
}

void S3Client::Try(const ExchangePtr& exchange) {
  credentials_->Get(
      [self = shared_from_this(), exchange](StatusOr<Credentials> credentials) {
        if (!credentials.ok()) {
          return exchange->done({.status = credentials.status().WithContext(
                                     exchange->request.context)});
        }
        exchange->credentials = *std::move(credentials);
        self->Transmit(exchange);
      });
}

void S3Client::Transmit(const ExchangePtr& exchange) {
  const S3Request& request = exchange->request;
  const auto transport = transport_.lock();
  if (transport == nullptr) {
    return exchange->done(
        {.status = Cancelled("{}: the runtime has ended", request.context)});
  }
  exchange->region = Region();
  exchange->address = exchange->redirected
                          ? *exchange->redirected
                          : AddressOf(options_, exchange->region);
  exchange->clock_offset = ClockOffset();
  const S3Address& address = exchange->address;
  net::SigV4Request to_sign{.method = request.method,
                            .host = address.host,
                            .path = address.PathOf(request.key),
                            .query = request.query,
                            .headers = request.headers,
                            .payload_hash = request.payload_hash};
  to_sign.headers.push_back({"x-amz-content-sha256", request.payload_hash});
  std::string url = address.scheme + "://" + address.host +
                    net::RequestTarget(to_sign.path, to_sign.query);
  transport->Start({.method = request.method,
                    .url = std::move(url),
                    .headers = net::SignRequest(
                        std::move(to_sign), exchange->credentials,
                        {.region = exchange->region,
                         .time = clock_.Wall() + exchange->clock_offset}),
                    .body = request.body,
                    .max_response_bytes = request.max_response_bytes,
                    .connection = connection_},
                   [self = shared_from_this(),
                    exchange](StatusOr<net::TransferResponse> answer) {
                     self->OnAnswer(exchange, std::move(answer));
                   });
}

void S3Client::OnAnswer(const ExchangePtr& exchange,
                        StatusOr<net::TransferResponse> answer) {
  const S3Request& request = exchange->request;
  if (!answer.ok()) {
    return exchange->done(
        {.status = answer.status().WithContext(request.context)});
  }
  net::TransferResponse& response = *answer;
  const bool good = response.status >= 200 && response.status < 300;
  std::optional<S3Error> error;
  if (!good || HidesError(request, response)) {
    error = ParseS3Error(response.body);
  }
  if (good && !error) return exchange->done({.response = std::move(response)});
  if (!error) error.emplace();
  if (Learn(*exchange, response, *error)) return Try(exchange);
  if (good) response.status = 500;  // as it would have been in time
  S3Answer refusal{
      .status = S3Status(response, *error, request.context, clock_.Wall()),
      .error_code = error->code};
  refusal.response = std::move(response);
  exchange->done(std::move(refusal));
}

bool S3Client::Learn(Exchange& exchange, const net::TransferResponse& response,
                     const S3Error& error) {
  if (IsIn(error.code, {"ExpiredToken", "TokenRefreshRequired"}) &&
      !exchange.credentials_renewed) {
    exchange.credentials_renewed = true;
    credentials_->Expire(exchange.credentials);
    return true;
  }
  return LearnClock(exchange, response, error) ||
         LearnRegion(exchange, response, error) ||
         LearnAddress(exchange, response);
}

bool S3Client::LearnClock(Exchange& exchange,
                          const net::TransferResponse& response,
                          const S3Error& error) {
  if (exchange.clock_learned || response.status != 403) return false;
  const auto date = ParseHttpDate(response.Header("Date"));
  if (!date) return false;
  const auto offset =
      std::chrono::floor<std::chrono::seconds>(*date - clock_.Wall());
  // Some say AccessDenied: then the clocks decide.
  const auto wrong_by = std::chrono::abs(offset - exchange.clock_offset);
  if (error.code != "RequestTimeTooSkewed" && wrong_by < kMaxSkew) return false;
  exchange.clock_learned = true;
  MutexLock lock(mutex_);
  clock_offset_ = offset;
  return true;
}

bool S3Client::LearnRegion(Exchange& exchange,
                           const net::TransferResponse& response,
                           const S3Error& error) {
  if (exchange.region_learned) return false;
  std::string region(response.Header("x-amz-bucket-region"));
  if (region.empty() &&
      IsIn(error.code, {"AuthorizationHeaderMalformed", "PermanentRedirect",
                        "IllegalLocationConstraintException"})) {
    region = error.region;
  }
  const bool plausible = !region.empty() && region.size() < 64 &&
                         std::all_of(region.begin(), region.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') ||
                                  (c >= '0' && c <= '9') || c == '-' ||
                                  c == '_';
                         });
  if (!plausible || region == exchange.region) return false;
  exchange.region_learned = true;
  MutexLock lock(mutex_);
  region_ = region;
  return true;
}

bool S3Client::LearnAddress(Exchange& exchange,
                            const net::TransferResponse& response) {
  if (exchange.redirected ||
      (response.status != 307 && response.status != 301 &&
       response.status != 308)) {
    return false;
  }
  // Only the host counts: bucket and key are where they were.
  std::string_view location = response.Header("Location");
  const std::size_t scheme = location.find("://");
  if (scheme == std::string_view::npos) return false;
  location = location.substr(0, location.find_first_of("/?#", scheme + 3));
  const StatusOr<S3Address> other = ParseEndpoint(location);
  if (!other.ok() ||
      (exchange.address.scheme == "https" && other->scheme != "https")) {
    return false;
  }
  exchange.redirected = S3Address{.scheme = other->scheme,
                                  .host = other->host,
                                  .path = exchange.address.path};
  return true;
}

void S3Client::Presign(const std::string& method, const std::string& key,
                       std::chrono::seconds expires_after, Sink::GetDone done) {
  credentials_->Get(
      [self = shared_from_this(), method, key, expires_after,
       done = std::move(done)](const StatusOr<Credentials>& credentials) {
        if (!credentials.ok()) {
          return done(credentials.status().WithContext("s3: presign " + key));
        }
        const std::string region = self->Region();
        const S3Address address = AddressOf(self->options_, region);
        done(address.scheme + "://" + address.host +
             net::PresignedTarget(
                 {.method = method,
                  .host = address.host,
                  .path = address.PathOf(key)},
                 *credentials,
                 {.region = region,
                  .time = self->clock_.Wall() + self->ClockOffset()},
                 expires_after));
      });
}

std::string S3Client::Region() {
  MutexLock lock(mutex_);
  return region_;
}

std::chrono::seconds S3Client::ClockOffset() {
  MutexLock lock(mutex_);
  return clock_offset_;
}

}  // namespace hlsrec::sink
