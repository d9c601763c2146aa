import { NestFactory } from '@nestjs/core'
import { WebhooksModule } from './webhooks/webhooks.module.ts'

const app = await NestFactory.create(WebhooksModule)
app.enableShutdownHooks()
await app.listen(process.env.PORT ?? 3000)
