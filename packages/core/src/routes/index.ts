export { drain, drainRoute, type DrainRouteOptions } from './drain.ts'
export { health, healthRoute, type HealthRouteOptions } from './health.ts'
export type { Route, RouteRequest } from './route.ts'
