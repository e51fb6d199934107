#include "screen.hpp"

#include <curses.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cwchar>
#include <string_view>

#include "text.hpp"

namespace dashboard {

namespace {

enum Colour : short { Plain = 0, Up, UpMiddle, UpLow, Down, DownMiddle, DownLow, Wait, Busy, Muted, Title };
constexpr int kShades = 3;

constexpr int kHeaderLines = 4;
constexpr int kSymbolColumn = 2;
constexpr int kPriceEnd = 22;
constexpr int kChangeColumn = 25;
constexpr int kChartColumn = 37;
constexpr int kLeastChart = 8;
constexpr int kMostChartLines = 8;

void startColours() {
  start_color();
  use_default_colors();
  const bool many = COLORS >= 256;
  init_pair(Up, many ? 78 : COLOR_GREEN, -1);
  init_pair(UpMiddle, many ? 35 : COLOR_GREEN, -1);
  init_pair(UpLow, many ? 29 : COLOR_GREEN, -1);
  init_pair(Down, many ? 204 : COLOR_RED, -1);
  init_pair(DownMiddle, many ? 168 : COLOR_RED, -1);
  init_pair(DownLow, many ? 132 : COLOR_RED, -1);
  init_pair(Wait, many ? 220 : COLOR_YELLOW, -1);
  init_pair(Busy, many ? 75 : COLOR_CYAN, -1);
  init_pair(Muted, many ? 244 : -1, -1);
  init_pair(Title, many ? 44 : COLOR_CYAN, -1);
}

/// Colours that a terminal lacks are replaced by what every one can show.
attr_t muted() {
  return COLOR_PAIR(Muted) | (COLORS >= 256 ? A_NORMAL : A_DIM);
}

/// As much of `text` as fits into `columns`, with everything replaced that the locale cannot show.
std::wstring fit(std::string_view text, int columns) {
  std::wstring result;
  int width = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = L'?';
    std::size_t length = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (length == 0 || length > text.size() || wcwidth(character) < 1) {
      character = L'?';
      length = length == 0 || length > text.size() ? 1 : length;
      state = {};
    }
    width += wcwidth(character);
    if (width > columns) {
      break;
    }
    result += character;
    text.remove_prefix(length);
  }
  return result;
}

int columnsOf(const std::wstring& text) {
  return std::max(0, wcswidth(text.data(), text.size()));
}

/// Writes `text` and returns the column after it. Nothing outside the screen is touched.
int put(int line, int column, std::string_view text, attr_t attributes = A_NORMAL) {
  if (line < 0 || line >= LINES || column < 0 || column >= COLS) {
    return column;
  }
  const std::wstring fitted = fit(text, COLS - column);
  attrset(attributes);
  mvaddnwstr(line, column, fitted.data(), static_cast<int>(fitted.size()));
  attrset(A_NORMAL);
  return column + columnsOf(fitted);
}

/// Writes `text` so that it ends before column `end`, and returns the column where it begins.
int putBefore(int line, int end, std::string_view text, attr_t attributes = A_NORMAL) {
  const int begin = std::max(0, end - columnsOf(fit(text, COLS)));
  put(line, begin, text, attributes);
  return begin;
}

attr_t colourOf(tidewire::State state) {
  switch (state) {
    case tidewire::State::Open:
      return COLOR_PAIR(Up);
    case tidewire::State::Waiting:
      return COLOR_PAIR(Wait);
    case tidewire::State::Closed:
      return COLOR_PAIR(Down);
    default:
      return COLOR_PAIR(Busy);
  }
}

std::string labelOf(tidewire::State state) {
  std::string label(tidewire::nameOf(state));
  std::transform(label.begin(), label.end(), label.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; });
  return label;
}

std::string_view arrowOf(double change, Charset charset) {
  const bool unicode = charset == Charset::Utf8;
  if (change == 0) {
    return " ";
  }
  return change > 0 ? (unicode ? "▲" : "^") : (unicode ? "▼" : "v");
}

/// How many of the newest prices a chart shows, at least one.
std::size_t shownPrices(const Prices& prices) {
  return std::min(prices.size(), static_cast<std::size_t>(std::max(1, COLS - kChartColumn - 2)));
}

/// Whether the last price of a chart is below its first.
bool falls(const Prices& prices) {
  const auto shown = prices.end() - static_cast<std::ptrdiff_t>(shownPrices(prices));
  const auto known = [](const std::optional<double>& price) { return price.has_value(); };
  const auto first = std::find_if(shown, prices.end(), known);
  return first != prices.end() && **std::find_if(prices.rbegin(), prices.rend(), known) < **first;
}

}  // namespace

struct Screen::Handle {
  SCREEN* screen = nullptr;
};

std::unique_ptr<Screen> Screen::open(Charset charset) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    return nullptr;
  }
  SCREEN* screen = newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    return nullptr;
  }
  std::unique_ptr<Screen> result(new Screen(std::make_unique<Handle>(Handle{screen}), charset));
  const bool placesCursor = tigetstr("cup") != nullptr;
  return placesCursor ? std::move(result) : nullptr;
}

Screen::Screen(std::unique_ptr<Handle> handle, Charset charset) : handle_(std::move(handle)), charset_(charset) {
  cbreak();
  noecho();
  nonl();
  curs_set(0);
  keypad(stdscr, TRUE);
  startColours();
}

Screen::~Screen() {
  endwin();
  delscreen(handle_->screen);
}

int Screen::waitForKey(std::chrono::milliseconds time) {
  timeout(static_cast<int>(time.count()));
  return getch();
}

void Screen::draw(const Model& model, const std::string& url, Time now) {
  erase();
  drawHeader(model, url, now);
  drawSeries(model);
  refresh();
}

void Screen::drawHeader(const Model& model, const std::string& url, Time now) {
  const attr_t colour = model.isQuiet() ? COLOR_PAIR(Wait) : colourOf(model.state());
  const std::string label = model.isQuiet() ? "no prices" : labelOf(model.state());
  const bool unicode = charset_ == Charset::Utf8;
  const int stateColumn = putBefore(0, COLS - 2, (unicode ? "● " : "* ") + label, colour | A_BOLD);
  const int urlColumn = put(0, kSymbolColumn, "Tidewire", COLOR_PAIR(Title) | A_BOLD) + 2;
  put(0, urlColumn, std::string_view(url).substr(0, std::max(0, stateColumn - urlColumn - 2)), muted());

  int column = kSymbolColumn;
  const auto figure = [&](std::string_view name, const std::string& value, int width) {
    const int end = put(1, put(1, column, name, muted()) + 1, value, A_BOLD);
    column = std::max(end + 2, column + width);
  };
  figure("round trip", model.roundTrip() ? formatRoundTrip(*model.roundTrip()) : "-", 21);
  figure("reconnects", std::to_string(model.reconnects()), 15);
  figure("prices/s", std::to_string(std::lround(model.pricesPerSecond())), 13);

  put(2, kSymbolColumn, model.describe(now), model.isOpen() ? muted() : colour);
  for (int rule = 0; rule < COLS; ++rule) {
    put(3, rule, unicode ? "─" : "-", muted());
  }
}

void Screen::drawSeries(const Model& model) {
  const int room = std::max(0, LINES - kHeaderLines - 1);
  const int count = static_cast<int>(model.series().size());
  if (count == 0) {
    const bool waits = model.state() != tidewire::State::Closed;
    put(kHeaderLines + 1, kSymbolColumn, waits ? "waiting for the first price" : "no prices", muted());
  }
  const int block = std::max(1, room / std::max(1, count));
  const int lines = std::clamp(block - 1, 1, kMostChartLines);
  const int stride = std::min(block, lines + 1);
  int top = kHeaderLines + (room > count * stride ? 1 : 0);
  int shown = 0;
  for (const auto& [symbol, series] : model.series()) {
    if (shown == room) {
      break;
    }
    if (series.prices.empty()) {
      drawRefusal(symbol, series, top);
    } else {
      drawFigures(series, top, lines);
      drawChart(series, top, lines);
    }
    top += stride;
    ++shown;
  }
  drawFooter(static_cast<std::size_t>(count - shown));
}

void Screen::drawRefusal(const std::string& symbol, const Series& series, int top) {
  put(top, kSymbolColumn, symbol, A_BOLD);
  if (!series.refusal.empty()) {
    put(top, kChangeColumn, "no prices: " + series.refusal, COLOR_PAIR(Wait));
  }
}

void Screen::drawFigures(const Series& series, int top, int lines) {
  const bool live = series.live;
  const Tick& tick = series.newest;
  const attr_t strong = live ? A_BOLD : muted();
  const attr_t trend = live ? static_cast<attr_t>(COLOR_PAIR(tick.change < 0 ? Down : Up)) : muted();
  put(top, kSymbolColumn, tick.symbol, strong);
  putBefore(top, kPriceEnd, formatPrice(tick.price), strong);
  if (!live && lines < 2) {
    put(top, kChangeColumn, "stale", COLOR_PAIR(Wait));
  } else {
    put(top, put(top, kChangeColumn, arrowOf(tick.change, charset_), trend) + 1, formatChange(tick.change), trend);
  }
  if (lines >= 2) {
    const std::string age = series.age ? formatAge(*series.age) : "";
    const int end = put(top + 1, kSymbolColumn, live ? "" : "stale ", COLOR_PAIR(Wait));
    put(top + 1, end, age, muted());
    put(top + 1, kChangeColumn, series.gaps > 0 ? formatGaps(series.gaps) : "", COLOR_PAIR(Wait));
  }
  if (lines >= 3) {
    put(top + 2, kChangeColumn, series.skipped > 0 ? std::to_string(series.skipped) + " skipped" : "", muted());
  }
  if (lines >= 4) {
    const auto [low, high] = rangeOf(series.prices, shownPrices(series.prices));
    put(top + 2, kSymbolColumn, "high", muted());
    putBefore(top + 2, kPriceEnd, formatPrice(high), muted());
    put(top + 3, kSymbolColumn, "low", muted());
    putBefore(top + 3, kPriceEnd, formatPrice(low), muted());
  }
}

void Screen::drawChart(const Series& series, int top, int lines) {
  const int width = COLS - kChartColumn - 2;
  if (width < kLeastChart) {
    return;
  }
  const auto chart =
      sparkline(series.prices, static_cast<std::size_t>(width), static_cast<std::size_t>(lines), charset_);
  const int brightest = falls(series.prices) ? Down : Up;
  for (int line = 0; line < lines; ++line) {
    const auto shade = static_cast<attr_t>(COLOR_PAIR(brightest + line * kShades / lines));
    put(top + line, kChartColumn, chart[static_cast<std::size_t>(line)], series.live ? shade : muted());
  }
}

void Screen::drawFooter(std::size_t hidden) {
  if (LINES <= kHeaderLines) {
    return;
  }
  int column = kSymbolColumn;
  for (const auto& [key, action] : {std::pair{"q", "quit"}, std::pair{"r", "reconnect"}}) {
    column = put(LINES - 1, put(LINES - 1, column, key, A_BOLD) + 1, action, muted()) + 3;
  }
  const std::string_view legend = "skipped: a newer price was there   gap: lost   high, low: of the chart";
  if (hidden == 0 && COLS - 2 - column > static_cast<int>(legend.size())) {
    putBefore(LINES - 1, COLS - 2, legend, muted());
  }
  if (hidden != 0) {
    putBefore(LINES - 1, COLS - 2, std::to_string(hidden) + " more", muted());
  }
}

}  // namespace dashboard
