export { alerts, type AlertOptions, type Alerts } from './alerts.ts'
export type { Alert, AlertSource, AlertTarget } from './alerts.ts'
