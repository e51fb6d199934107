// What calls reject with.

export class SessionError extends Error {
  name = 'SessionError';

  constructor(code, message, temporary) {
    super(message);
    this.code = code;
    this.temporary = temporary;
  }
}
