"""Do heads look at demonstrations whose text alone predicts what the query's predicts (M3)?"""
