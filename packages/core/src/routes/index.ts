export { drain, drainRoute, type DrainRouteOptions } from './drain.ts'
export { health, healthRoute, type HealthRouteOptions } from './health.ts'
export { toFetch, type Route, type RouteRequest } from './route.ts'
