import type { Observer } from '../observer.ts'

/** The methods of an observer that only hear; the others return something. */
export type Heard = Exclude<keyof Observer, 'attached' | 'carrier' | 'around' | 'call'>

/**
 * What each of them is about: a request, an attempt at a task, or neither. A method that is not here does not compile, so that
 * none is left out where observers are combined or wrapped.
 */
export const HEARD: Readonly<Record<Heard, 'request' | 'attempt' | 'receiver'>> = {
  received: 'request',
  rejected: 'request',
  explained: 'request',
  handshake: 'request',
  accepted: 'request',
  duplicate: 'request',
  conflict: 'request',
  unhandled: 'request',
  step: 'request',
  answered: 'request',
  answerFailed: 'request',
  attemptStarted: 'attempt',
  attemptFailed: 'attempt',
  retried: 'attempt',
  postponed: 'attempt',
  done: 'attempt',
  dead: 'attempt',
  fenced: 'attempt',
  interrupted: 'receiver',
  silent: 'receiver',
  caughtUp: 'receiver',
  paused: 'receiver',
  acted: 'receiver',
  warning: 'receiver',
}
