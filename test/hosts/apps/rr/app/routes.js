import { route } from '@react-router/dev/routes'

export default [route('webhooks/:name', 'routes/webhook.js')]
