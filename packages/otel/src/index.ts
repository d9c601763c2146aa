export { otel, type Otel, type OtelOptions } from './otel.ts'
export { INSTRUMENTS, observeMetrics, type Instrument, type InstrumentName } from './metrics.ts'
