export {
  webhook,
  type Mountable,
  type RouteHandler,
  type RouteHandlers,
  type RouteParams,
  type WebhookOptions,
} from './webhook.ts'
export { persistent } from './persistent.ts'
export { reloadable, type Reloadable } from './persistent.ts'
export { drain, health, serve } from './routes.ts'
