export {
  webhook,
  type Mountable,
  type RouteHandler,
  type RouteHandlers,
  type RouteParams,
  type WebhookOptions,
} from './webhook.ts'
export { singleton } from './persistent.ts'
export { hotReloadable, type Reloadable } from './persistent.ts'
export { drain, health, serve } from './routes.ts'
