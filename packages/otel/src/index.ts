export { INSTRUMENTS, observeMetrics, type Instrument, type InstrumentName } from './metrics.ts'
