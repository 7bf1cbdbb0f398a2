/** Constants of the Parquet format. https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export const physicalType = { boolean: 0, int32: 1, int64: 2, double: 5, string: 6 } as const;
export const encodingOf = { plain: 0, rle: 3, delta: 5, dictionary: 8 } as const;
export const codecOf = { none: 0, zstd: 6 } as const;
export const pageType = { data: 0, dictionary: 2 } as const;
export const convertedType = { utf8: 0, timestampMicros: 10 } as const;
export const magic = Buffer.from('PAR1');
