export { metrics, metricsRoute, type MetricsOptions } from './metrics.ts'
