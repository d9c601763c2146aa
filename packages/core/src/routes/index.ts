export { runDue, runDueRoute, type RunDueRouteOptions } from './route.ts'
export { health, healthRoute, type HealthRouteOptions } from './route.ts'
export { toFetch, type Route, type RouteRequest } from './route.ts'
