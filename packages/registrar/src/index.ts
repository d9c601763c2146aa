export type {
  ApplyOptions,
  Endpoint,
  EndpointState,
  EndpointStatus,
  Failure,
  Mapping,
  OnSecret,
  Plan,
  Registrar,
  RotateOptions,
  Settings,
  Shape,
  Step,
  StepResult,
  ToldSecret,
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
export type { ApiOptions, Token } from './common/options.ts'
export { RegistrarError, type RegistrarErrorCode, type RegistrarErrorOptions } from './errors.ts'
export { registered, type Registered } from './registered.ts'
