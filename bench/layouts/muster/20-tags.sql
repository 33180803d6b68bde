-- 60 tags as sets
COPY tags FROM '{data}/tags.csv';
