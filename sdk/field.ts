/**
 * The fields of record types: how a program declares them, and the definition (plain JSON) that the daemon
 * keeps. The static types of a record are read off the declarations; the definition is the truth at run time.
 */
import type { Instant } from './instant.ts'
import type { Json, JsonObject } from './json.ts'

/** What every field may say about itself. All of it is JSON, so that it can be stored and sent. */
export interface FieldTraits {
  readonly description?: string
  /** The field may be absent. */
  readonly optional?: true
  /** Taken when the field is absent at creation; the field is then always there. */
  readonly default?: Json
  /** No two records of the type have the same value. */
  readonly unique?: true
  readonly indexed?: true
  /** Part of the full-text index; a number is its weight, `true` means 1. */
  readonly searchable?: true | number
  /** Can't change after creation. */
  readonly immutable?: true
  /** Changes only through the method that owns it; every other write is refused. */
  readonly managed?: true
}

/** Text; lengths are counted in code points, as JSON Schema counts them. */
export interface TextDefinition extends FieldTraits {
  readonly kind: 'text'
  readonly minLength?: number
  readonly maxLength?: number
  /** A regular expression that must match somewhere; without look-around and back references. */
  readonly pattern?: string
}
/** A safe integer, or any finite number. Bounds are inclusive. */
export interface NumberDefinition extends FieldTraits {
  readonly kind: 'integer' | 'number'
  readonly minimum?: number
  readonly maximum?: number
}
/** True or false. */
export interface BooleanDefinition extends FieldTraits {
  readonly kind: 'boolean'
}
/** A point in time; any RFC 3339 text with a zone is taken and stored in the canonical form. */
export interface InstantDefinition extends FieldTraits {
  readonly kind: 'instant'
}
/** One of these texts. */
export interface EnumerationDefinition extends FieldTraits {
  readonly kind: 'enumeration'
  readonly values: readonly string[]
}
/** Any number of values of one kind, in an order. */
export interface ListDefinition extends FieldTraits {
  readonly kind: 'list'
  readonly items: FieldDefinition
  readonly maxItems?: number
}
/** A nested object with named members. */
export interface ObjectDefinition extends FieldTraits {
  readonly kind: 'object'
  readonly fields: FieldDefinitions
}
/** A nested object with any members. */
export interface JsonDefinition extends FieldTraits {
  readonly kind: 'json'
}
/** The id of a record, of this type or another. */
export interface ReferenceDefinition extends FieldTraits {
  readonly kind: 'reference'
  /** The type of the record it names; `*` for any, and then the value is `Type/id`. */
  readonly to: string
  /** The record may be absent: it is looked up when it is followed, not when it is written. */
  readonly weak?: true
}

/** The definition of one field. */
export type FieldDefinition =
  | TextDefinition
  | NumberDefinition
  | BooleanDefinition
  | InstantDefinition
  | EnumerationDefinition
  | ListDefinition
  | ObjectDefinition
  | JsonDefinition
  | ReferenceDefinition

/** Definitions by field name. */
export interface FieldDefinitions {
  readonly [name: string]: FieldDefinition
}

/** Whether a field must be given, may be absent, or is filled with its default. */
export type Presence = 'required' | 'optional' | 'defaulted'

declare const output: unique symbol

/** A declared field: its definition, and (for the compiler only) the type of its values and its traits. */
export interface Field<Output, P extends Presence = Presence, Managed extends boolean = boolean> {
  readonly definition: FieldDefinition
  readonly [output]?: { readonly type: Output; readonly presence: P; readonly managed: Managed }
}

declare const target: unique symbol

/** What a reference names, for the compiler: a record type, `self`, or a name of which nothing more is known. */
export type Target = string | { readonly name: string; readonly fields: Fields }

/** A declared field that holds references: one, or a list of them. */
export interface ReferenceField<To extends Target, Many extends boolean> {
  readonly [target]?: { readonly to: To; readonly many: Many }
}

/** What the references of a field name; never for a field that holds none. */
export type TargetOf<F> = F extends ReferenceField<infer To, boolean> ? To : never
/** Whether a field holds a list of references. */
export type IsMany<F> = F extends ReferenceField<Target, infer Many> ? Many : never

/** Declared fields by name. */
export interface Fields {
  readonly [name: string]: Field<unknown>
}

type Traits = FieldTraits
type PresenceOf<T> = T extends { readonly optional: true }
  ? 'optional'
  : T extends { readonly default: unknown }
    ? 'defaulted'
    : 'required'
type ManagedOf<T> = T extends { readonly managed: true } ? true : false
type Declared<Output, T> = Field<Output, PresenceOf<T>, ManagedOf<T>>
type Listed<I> = [TargetOf<I>] extends [never] ? object : ReferenceField<TargetOf<I>, true>
type Without<D, K extends keyof D = never> = Omit<D, 'kind' | K>

/** Declares a text field. */
export function text<const T extends Without<TextDefinition> = object>(
  traits?: T,
): Declared<string, T> {
  return { definition: { ...traits, kind: 'text' } }
}

/** Declares a field of safe integers. */
export function integer<const T extends Without<NumberDefinition> = object>(
  traits?: T,
): Declared<number, T> {
  return { definition: { ...traits, kind: 'integer' } }
}

/** Declares a field of finite numbers. */
export function number<const T extends Without<NumberDefinition> = object>(
  traits?: T,
): Declared<number, T> {
  return { definition: { ...traits, kind: 'number' } }
}

/** Declares a field that is true or false. */
export function boolean<const T extends Traits = object>(traits?: T): Declared<boolean, T> {
  return { definition: { ...traits, kind: 'boolean' } }
}

/** Declares a field of instants. */
export function instant<const T extends Traits = object>(traits?: T): Declared<Instant, T> {
  return { definition: { ...traits, kind: 'instant' } }
}

/** Declares a field that has one of these values. */
export function enumeration<const V extends readonly string[], const T extends Traits = object>(
  values: V,
  traits?: T,
): Declared<V[number], T> {
  return { definition: { ...traits, kind: 'enumeration', values } }
}

/** Declares a list of values of one kind. */
export function list<
  const I extends Field<unknown>,
  const T extends Without<ListDefinition, 'items'> = object,
>(items: I, traits?: T): Declared<readonly Value<I>[], T> & Listed<I> {
  return { definition: { ...traits, kind: 'list', items: items.definition } }
}

/** Declares a nested object with named members. */
export function object<F extends Fields, const T extends Traits = object>(
  fields: F,
  traits?: T,
): Declared<DataOf<F>, T> {
  return { definition: { ...traits, kind: 'object', fields: definitionsOf(fields) } }
}

/** Declares a nested object with any members. */
export function json<const T extends Traits = object>(traits?: T): Declared<JsonObject, T> {
  return { definition: { ...traits, kind: 'json' } }
}

/**
 * Declares a field that holds the id of a record of type `to`: a record type, or its name (for types that name one
 * another), `self` for the type that is being declared, or `*` for any type, and then the value is `Type/id`.
 */
export function reference<
  const To extends Target,
  const T extends Without<ReferenceDefinition, 'to'> = object,
>(to: To, traits?: T): Declared<string, T> & ReferenceField<To, false> {
  const name = typeof to === 'string' ? to : to.name
  return { definition: { ...traits, kind: 'reference', to: name } }
}

/** What stands for the type that is being declared, until it is. */
const self = 'self'

/** The definitions of declared fields. */
export function definitionsOf(fields: Fields): FieldDefinitions {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.definition]))
}

/** Fields with the name of their type in the place of `self`. */
export function withSelf(fields: FieldDefinitions, name: string): FieldDefinitions {
  return Object.fromEntries(
    Object.entries(fields).map(([member, field]) => [member, namingSelf(field, name)]),
  )
}

function namingSelf(field: FieldDefinition, name: string): FieldDefinition {
  switch (field.kind) {
    case 'reference':
      return field.to === self ? { ...field, to: name } : field
    case 'list':
      return { ...field, items: namingSelf(field.items, name) }
    case 'object':
      return { ...field, fields: withSelf(field.fields, name) }
    default:
      return field
  }
}

type Value<F> = F extends Field<infer Output, Presence, boolean> ? Output : never
type NamesWhere<F extends Fields, P extends Presence> = {
  [N in keyof F]: F[N] extends Field<unknown, infer Q, boolean> ? (Q extends P ? N : never) : never
}[keyof F]
type ManagedNames<F extends Fields> = {
  [N in keyof F]: F[N] extends Field<unknown, Presence, infer M>
    ? M extends true
      ? N
      : never
    : never
}[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }

/** The data of a record as it is read: defaults are filled in. */
export type DataOf<F extends Fields> = Flat<
  { readonly [N in NamesWhere<F, 'required' | 'defaulted'>]: Value<F[N]> } & {
    readonly [N in NamesWhere<F, 'optional'>]?: Value<F[N]>
  }
>

/** The data that creates a record: defaults may be left out, managed fields must be. */
export type InputOf<F extends Fields> = Flat<
  { readonly [N in Exclude<NamesWhere<F, 'required'>, ManagedNames<F>>]: Value<F[N]> } & {
    readonly [N in Exclude<NamesWhere<F, 'defaulted' | 'optional'>, ManagedNames<F>>]?: Value<F[N]>
  }
>

/** The fields that an update may set. */
export type ChangesOf<F extends Fields> = Flat<{
  readonly [N in Exclude<keyof F, ManagedNames<F>>]?: Value<F[N]>
}>

/** The names of fields that may be unset. */
export type OptionalNames<F extends Fields> = Extract<
  Exclude<NamesWhere<F, 'optional'>, ManagedNames<F>>,
  string
>
