import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity()
export class Payment {
  @PrimaryColumn('text')
  invoice!: string

  @Column('integer')
  cents!: number
}
