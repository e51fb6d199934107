#pragma once

#include "tidewire/client.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/log.hpp"
#include "tidewire/loop.hpp"
#include "tidewire/message.hpp"
#include "tidewire/options.hpp"
#include "tidewire/send_buffer.hpp"
#include "tidewire/session.hpp"
#include "tidewire/stats.hpp"
#include "tidewire/version.hpp"
