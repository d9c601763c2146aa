import { Controller, Get, Module } from '@nestjs/common'
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm'
import type { DataSource } from 'typeorm'
import { Payment } from './payment.ts'
import { WebhooksModule } from './webhooks/webhooks.module.ts'

@Controller()
class Payments {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  @Get('payments')
  all() {
    return this.database.getRepository(Payment).find()
  }
}

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({
        type: 'postgres' as const,
        url: process.env.DATABASE_URL!,
        entities: [Payment],
        // Creates the table. In production, use migrations.
        synchronize: true,
      }),
    }),
    WebhooksModule,
  ],
  controllers: [Payments],
})
export class AppModule {}
