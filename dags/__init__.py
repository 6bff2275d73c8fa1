"""When things run: schedules for Airflow. The hub itself never imports Airflow."""
