export {
  webhook,
  type Mountable,
  type RouteHandler,
  type RouteHandlers,
  type RouteParams,
  type WebhookOptions,
} from './webhook.ts'
export { singleton } from './singleton.ts'
export { hotReloadable, type Reloadable } from './singleton.ts'
export { runDue, health, serve } from './routes.ts'
