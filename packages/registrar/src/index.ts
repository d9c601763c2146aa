export type {
  ApplyOptions,
  Endpoint,
  EndpointState,
  EndpointStatus,
  FailedDelivery,
  Mapping,
  OnSecret,
  Plan,
  Registrar,
  RestoreOptions,
  RotateOptions,
  EndpointSettings,
  Shape,
  Step,
  StepResult,
  NewSecret,
  Want,
} from './registrar.ts'
export type {
  ListedDelivery,
  ListedEvent,
  PayloadSource,
  Range,
  RedeliverySource,
  Source,
  SourceBase,
} from './source.ts'
export { catchUp } from './catch-up/catch-up.ts'
export type { Missing } from './catch-up/result.ts'
export type { CatchUpOptions } from './catch-up/options.ts'
export type { CatchUpProgress } from './catch-up/result.ts'
export type { CatchUpFailure, CaughtUp } from '@postern/core/internal'
export type { StandingCatchUp } from './catch-up/stand-by.ts'
export type { ApiOptions, Token } from './common/options.ts'
export { RegistrarError, type RegistrarErrorCode, type RegistrarErrorOptions } from './errors.ts'
export { registered, type Registered } from './registered.ts'
