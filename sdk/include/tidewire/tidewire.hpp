#pragma once

#include "tidewire/client.hpp"
#include "tidewire/events.hpp"
#include "tidewire/message.hpp"
#include "tidewire/options.hpp"
#include "tidewire/version.hpp"
