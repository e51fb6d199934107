// What calls reject with when something happens. What is wrong with a call itself throws a TypeError, as in any web API.

/** `code`: for programs, where the message is for people. `cause`: what has led to it, if anything is known. */
export class TidewireError extends Error {
  name = 'TidewireError';

  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export class SessionError extends TidewireError {
  name = 'SessionError';

  constructor(code, message, temporary) {
    super(code, message);
    this.temporary = temporary;
  }
}
