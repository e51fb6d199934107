message(FATAL_ERROR "Tidewire's build took this module of its parent project for its own.")
